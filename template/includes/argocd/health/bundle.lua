-- Lets a wave wait until trust-manager has written the trust roots that pods mount: Argo CD has no check for the kind.
local generation = (obj.metadata or {}).generation
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  if condition.type == "Synced" and condition.observedGeneration == generation then
    if condition.status == "True" then
      return {status = "Healthy", message = condition.message}
    end
    -- On a new cluster cert-manager has yet to make the source; Degraded would fail the sync that brings it.
    if condition.reason == "SourceNotFound" then
      return {status = "Progressing", message = condition.message}
    end
    return {status = "Degraded", message = condition.message}
  end
end
return {status = "Progressing", message = "Waiting for trust-manager to see this Bundle"}
