-- A CA issuer waits for the Secret of its Certificate. The built-in check reports Degraded, which fails the sync of both.
local generation = (obj.metadata or {}).generation
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  if condition.type == "Ready" and condition.observedGeneration == generation then
    if condition.status == "True" then
      return {status = "Healthy", message = condition.message}
    end
    if condition.reason == "ErrGetKeyPair" then
      return {status = "Progressing", message = condition.message}
    end
    if condition.status == "False" then
      return {status = "Degraded", message = condition.message}
    end
  end
end
return {status = "Progressing", message = "Waiting for cert-manager to see this issuer"}
