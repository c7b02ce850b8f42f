"use strict";
// The page is whole without this script. It shows one view at a time, filters, and moves by keyboard.
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const views = all(".view");
  const links = all("nav a");
  const input = document.querySelector("#filter");
  const count = document.querySelector(".filter output");
  let shown = views[0];
  let verdict = "";
  let frame = 0;

  const target = () => document.getElementById(location.hash.slice(1));

  const focus = (item) => {
    const at = item.querySelector(":scope > summary") || item;
    if (at === item && !at.hasAttribute("tabindex")) at.tabIndex = -1;
    at.focus({ preventScroll: true });
  };

  const show = (view) => {
    shown = view;
    for (const one of views) one.classList.toggle("shown", one === view);
    for (const link of links) {
      if (link.dataset.view === view.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    filter();
  };

  const follow = () => {
    const found = target();
    const view = found?.closest(".view");
    show(view || shown);
    mark(found);
    if (!found || found === view) return;
    for (let at = found; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const card = found.closest("article.card") || found;
    focus(card);
    if (!found.closest("article.card")) found.scrollIntoView({ block: "center" });
  };

  // The boxes and arrows beside the chosen one.
  const mark = (found) => {
    const id = found?.closest("[data-item], [data-group]")?.id;
    for (const map of all(".map")) {
      const chosen = id ? all(".box", map).find((box) => box.getAttribute("href") === `#${id}`) : null;
      map.classList.toggle("focused", Boolean(chosen));
      for (const box of all(".box", map)) box.classList.remove("chosen", "near");
      for (const arrow of all(".arrow", map)) {
        const { from, to } = arrow.dataset;
        const near = Boolean(chosen) && (from === chosen.dataset.box || to === chosen.dataset.box);
        arrow.classList.toggle("near", near);
        if (near) for (const box of all(".box", map)) if ([from, to].includes(box.dataset.box)) box.classList.add("near");
      }
      chosen?.classList.add("chosen", "near");
    }
  };

  const texts = new WeakMap();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = words.length > 0 || (verdict && shown.id === "mesh");
    const items = all("[data-item]", shown);
    const kept = new Set();
    for (const item of items) {
      const text = active ? textOf(item) : "";
      const fits = words.every((word) => text.includes(word)) && (!verdict || shown.id !== "mesh" || item.querySelector(`[data-v="${verdict}"]`));
      item.classList.toggle("missed", !fits);
      if (fits) kept.add(item.id);
    }
    for (const box of all(".map .box", shown)) box.classList.toggle("missed", active && !kept.has(box.getAttribute("href").slice(1)));
    for (const row of shown.id === "mesh" ? all("tr[data-v]", shown) : []) row.classList.toggle("missed", Boolean(verdict) && row.dataset.v !== verdict);
    for (const group of all("[data-group]", shown)) group.classList.toggle("missed", active && !group.querySelector("[data-item]:not(.missed)"));
    count.textContent = active ? `${kept.size} of ${items.length}` : "";
  };

  const step = (by) => {
    const items = all("[data-item]", shown).filter((item) => !item.classList.contains("missed") && item.checkVisibility());
    const at = items.findIndex((item) => item.contains(document.activeElement));
    const next = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(Math.max(at + by, 0), items.length - 1)];
    if (next) { focus(next); next.scrollIntoView({ block: "nearest" }); }
  };

  // The nearest box in a direction, from the box that has the focus.
  const move = (map, x, y) => {
    const boxes = all(".box", map);
    const here = boxes.find((box) => box === document.activeElement);
    if (!here) return boxes[0]?.focus();
    const from = here.getBoundingClientRect();
    let best = null;
    let least = Infinity;
    for (const box of boxes) {
      const to = box.getBoundingClientRect();
      const right = to.left - from.left;
      const down = to.top - from.top;
      const along = right * x + down * y;
      const away = Math.abs(right * y) + Math.abs(down * x);
      if (along > 4 && along + 2 * away < least) { best = box; least = along + 2 * away; }
    }
    best?.focus();
  };

  const close = () => {
    const id = target()?.closest("article.card")?.id;
    location.hash = shown.id;
    if (id) all(".map .box").find((box) => box.getAttribute("href") === `#${id}`)?.focus();
  };

  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const map = document.activeElement.closest?.(".map");
    if (event.key === "Escape") {
      if (input.value || verdict) { input.value = ""; choose(""); } else if (target() && target() !== shown) close();
      return;
    }
    if (document.activeElement === input) return;
    if (event.key === "/") input.focus();
    else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    else if (map?.querySelector(".box") && arrows[event.key]) move(map, ...arrows[event.key]);
    else if (/^[1-4]$/.test(event.key)) links[event.key - 1].click();
    else return;
    event.preventDefault();
  });

  const choose = (name) => {
    verdict = name;
    for (const button of all("[data-verdict]")) button.setAttribute("aria-pressed", String(button.dataset.verdict === name));
    filter();
  };
  for (const button of all("[data-verdict]")) {
    button.disabled = false;
    button.addEventListener("click", () => choose(verdict === button.dataset.verdict ? "" : button.dataset.verdict));
  }
  input.addEventListener("input", () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(filter);
  });
  input.form.addEventListener("submit", (event) => event.preventDefault());
  input.form.hidden = false;
  document.querySelector(".keys").hidden = false;
  window.addEventListener("hashchange", follow);
  window.addEventListener("beforeprint", () => { for (const one of all("details")) one.open = true; });
  for (const time of all("time")) {
    const days = Math.floor((new Date(time.dateTime) - Date.now()) / 864e5);
    time.textContent += days < 0 ? ` (${-days} days ago)` : ` (in ${days} days)`;
  }
  root.classList.add("js");
  follow();
})();
