-- Says where to look, since the kind has no status. It must answer: a check that returns nothing holds its wave for good.
local metadata = obj.metadata or {}
local job = "helm-install-" .. (metadata.name or "NAME")
return {
  status = "Healthy",
  message = "Stored; k3s applies it by Job " .. job .. " in " .. (metadata.namespace or "kube-system")
    .. ", whose outcome is not shown here"
}
