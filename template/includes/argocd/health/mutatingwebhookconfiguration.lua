-- Holds a wave until cainjector has written the CA. Before that the API server cannot verify the webhook.
local annotations = (obj.metadata or {}).annotations or {}
if annotations["cert-manager.io/inject-ca-from"] == nil
  and annotations["cert-manager.io/inject-ca-from-secret"] == nil
  and annotations["cert-manager.io/inject-apiserver-ca"] ~= "true" then
  return {status = "Healthy", message = "No CA is to be injected"}
end
for _, webhook in ipairs(obj.webhooks or {}) do
  local bundle = (webhook.clientConfig or {}).caBundle
  if bundle == nil or bundle == "" then
    return {
      status = "Progressing",
      message = "Waiting for cainjector to write the CA of webhook " .. (webhook.name or "without a name")
    }
  end
end
return {status = "Healthy", message = "Every webhook has its CA"}
