// Draws the page's diagrams with the library beside this file, which is loaded only on pages that have one.
(() => {
  const library = new URL("mermaid.min.js", document.currentScript.src);
  const blocks = document.querySelectorAll("pre.diagram");
  if (!blocks.length) return;
  const sources = Array.from(blocks, (block) => block.textContent);
  const isDark = () => document.body.getAttribute("data-md-color-scheme") === "slate";
  async function draw() {
    mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: isDark() ? "dark" : "default" });
    for (const [at, block] of blocks.entries()) {
      const drawn = await mermaid.render(`diagram-${at}`, sources[at]);
      block.innerHTML = drawn.svg;
    }
  }
  const script = document.createElement("script");
  script.src = library;
  script.onload = () => {
    draw();
    new MutationObserver(draw).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  };
  document.head.append(script);
})();
