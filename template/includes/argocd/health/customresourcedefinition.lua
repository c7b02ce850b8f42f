-- Argo CD does not watch CRDs. The built-in check holds a wave for minutes, until the next refresh sees the CRD established.
local metadata = obj.metadata or {}
if metadata.deletionTimestamp ~= nil then
  return {status = "Progressing", message = "Waiting for its deletion to end"}
end
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  local message = condition.message or "no message"
  if condition.type == "NamesAccepted" and condition.status == "False" then
    return {status = "Degraded", message = "Its names are not accepted: " .. message}
  end
  if condition.type == "NonStructuralSchema" and condition.status == "True" then
    return {status = "Degraded", message = "Its schema is not structural: " .. message}
  end
end
return {status = "Healthy", message = "Stored; the sync that applied it waited until it was served"}
