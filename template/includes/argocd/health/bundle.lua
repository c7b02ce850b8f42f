-- Argo CD has no check for Bundles. This one holds a wave until trust-manager has written the trust anchors that pods mount.
local generation = (obj.metadata or {}).generation
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  if condition.type == "Synced" and condition.observedGeneration == generation then
    if condition.status == "True" then
      return {status = "Healthy", message = condition.message}
    end
    -- On a new cluster cert-manager has not created the source yet; Degraded would fail the sync that creates it.
    if condition.reason == "SourceNotFound" then
      return {status = "Progressing", message = condition.message}
    end
    return {status = "Degraded", message = condition.message}
  end
end
return {status = "Progressing", message = "Waiting for trust-manager to see this Bundle"}
