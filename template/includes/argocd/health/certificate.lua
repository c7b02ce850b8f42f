-- Healthy means a valid Secret for the current spec. The built-in check fails the sync that creates a Certificate.
local generation = (obj.metadata or {}).generation
local status = obj.status or {}
local ready = {}
local issuing = {}
for _, condition in ipairs(status.conditions or {}) do
  if condition.observedGeneration == generation then
    if condition.type == "Ready" then
      ready = condition
    elseif condition.type == "Issuing" then
      issuing = condition
    end
  end
end

-- cert-manager clears both after a success. After a failure Issuing stays False until the next attempt, an hour or more later.
local failed = issuing.status == "False" and (status.lastFailureTime ~= nil or (status.failedIssuanceAttempts or 0) > 0)

if ready.status == "True" then
  local message = ready.message
  if failed then
    message = (message or "Usable") .. "; its renewal failed: " .. (issuing.message or "no message")
  end
  return {status = "Healthy", message = message}
end
if failed then
  return {status = "Degraded", message = issuing.message}
end
return {status = "Progressing", message = issuing.message or ready.message or "Waiting for cert-manager"}
