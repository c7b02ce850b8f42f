-- A single node is always yellow, because replicas cannot be placed. The built-in check would hold the wave until it is green.
local status = obj.status or {}
local health = status.health or "unknown"
if status.phase == "Invalid" then
  return {status = "Degraded", message = "The operator does not accept this spec"}
end
if status.phase ~= "Ready" or status.observedGeneration ~= (obj.metadata or {}).generation then
  return {status = "Progressing", message = "Waiting for the operator: " .. (status.phase or "no phase yet")}
end
if health == "red" then
  return {status = "Degraded", message = "Health is red: some data is on no node"}
end
return {status = "Healthy", message = "Ready, health is " .. health}
