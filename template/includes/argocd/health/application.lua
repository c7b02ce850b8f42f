-- Argo CD has no check for Applications. This one holds a wave until a child is synced to its current spec and healthy.
local metadata = obj.metadata or {}
local spec = obj.spec or {}
local status = obj.status or {}
local sync = status.sync or {}
local state = status.operationState or {}

local function verdict(health, message)
  return {status = health, message = message}
end

-- Argo CD drops empty fields when it records what it compared; a spec may have them.
local function blank(value)
  if type(value) ~= "table" then
    return value == nil or value == false or value == ""
  end
  for key, inner in pairs(value) do
    if key == "valuesObject" or not blank(inner) then
      return false
    end
  end
  return true
end

-- exact: chart values are recorded unchanged, and in them false and empty are settings.
local function same(left, right, exact)
  if type(left) ~= "table" or type(right) ~= "table" then
    return left == right or (not exact and blank(left) and blank(right))
  end
  for key, value in pairs(left) do
    if not same(value, right[key], exact or key == "valuesObject") then
      return false
    end
  end
  for key, value in pairs(right) do
    if left[key] == nil and not same(nil, value, exact or key == "valuesObject") then
      return false
    end
  end
  return true
end

-- Whether a recorded comparison or sync used the sources of the current spec.
local function current(note)
  local source = spec.source
  if spec.sourceHydrator ~= nil then
    local dry = spec.sourceHydrator.drySource or {}
    local hydrated = spec.sourceHydrator.syncSource or {}
    source = {path = hydrated.path, targetRevision = hydrated.targetBranch, repoURL = hydrated.repoURL}
    if blank(source.repoURL) then
      source.repoURL = dry.repoURL
    end
  elseif not blank(spec.sources) then
    return same(spec.sources, note.sources)
  end
  return blank(note.sources) and same(source, note.source)
end

-- Argo CD's own message about why it cannot continue.
local function complaint()
  for _, condition in ipairs(status.conditions or {}) do
    local kind = condition.type
    if kind == "ComparisonError" or kind == "InvalidSpecError" or kind == "SyncError" or kind == "UnknownError" then
      return kind .. ": " .. (condition.message or "no message")
    end
  end
  return nil
end

local function waiting(reason, detail)
  local message = "Waiting for " .. reason
  if not blank(detail) then
    message = message .. ": " .. detail
  end
  return verdict("Progressing", message)
end

-- Whether a sync would apply anything.
local function left()
  for _, resource in ipairs(status.resources or {}) do
    if resource.status == "OutOfSync" and not resource.requiresPruning then
      return true
    end
  end
  return false
end

-- Whether the last sync used another source or was a dry run, and left something to apply.
local function behind()
  local operation = (state.operation or {}).sync or {}
  if state.syncResult == nil or (current(state.syncResult) and not operation.dryRun) then
    return false
  end
  return left() or sync.status == "Unknown"
end

-- Right after a sync, the health may not yet include new objects. Argo CD corrects differences by further syncs. What still
-- differs after four of them is drift, and drift does not hold a wave.
local function healing()
  local automated = (spec.syncPolicy or {}).automated or {}
  local operation = (state.operation or {}).sync or {}
  return automated.selfHeal == true and automated.enabled ~= false and (operation.autoHealAttemptsCount or 0) < 4 and left()
end

-- A pending retry keeps the phase Running. Failed with retries left means that a person or a timeout ended the sync.
-- At its next refresh Argo CD either continues or sets the condition SyncError.
local function undecided()
  local policy = spec.syncPolicy or {}
  local retry = (state.operation or {}).retry or policy.retry or {}
  local limit = retry.limit or 0
  local automated = policy.automated ~= nil and policy.automated.enabled ~= false
  for _, condition in ipairs(status.conditions or {}) do
    if condition.type == "SyncError" then
      return false
    end
  end
  return automated and sync.status ~= "Synced" and (limit < 0 or (state.retryCount or 0) < limit)
end

if metadata.deletionTimestamp ~= nil then
  return waiting("its deletion to end")
end
if not current(sync.comparedTo or {}) or not same(spec.destination, (sync.comparedTo or {}).destination) then
  return waiting("Argo CD to compare the cluster with the spec as it is now", complaint())
end
if state.phase == nil then
  return waiting(obj.operation == nil and "its first sync" or "the requested sync to start", complaint())
end
if state.phase == "Running" and state.finishedAt ~= nil then
  return waiting("retry " .. (state.retryCount or 1) .. " of the sync", state.message)
end
if state.phase == "Running" or state.phase == "Terminating" then
  return waiting("the running sync to end", state.message)
end
if obj.operation ~= nil then
  return waiting("the requested sync to start")
end
-- Until the next refresh, the health in the status is older than the sync.
if state.finishedAt ~= nil and status.reconciledAt ~= nil and status.reconciledAt < state.finishedAt then
  return waiting("Argo CD to look at the cluster after the sync")
end
if behind() then
  return waiting("a sync of the source as it is now", complaint())
end
if state.phase ~= "Succeeded" then
  if undecided() then
    return waiting("Argo CD to try the sync again", state.message)
  end
  return verdict("Degraded", "The sync failed and Argo CD has stopped trying: " .. (state.message or "no message"))
end
if sync.status == "Unknown" then
  return waiting("a comparison with the source", complaint())
end
if healing() then
  return waiting("Argo CD to heal what differs from the source")
end

local health = (status.health or {}).status
if health == "Healthy" and sync.status == "OutOfSync" then
  return verdict("Healthy", "Synced and healthy; what has drifted since is OutOfSync")
end
if health == "Healthy" then
  return verdict("Healthy", "Synced and healthy")
end
if health == "Suspended" then
  return verdict("Suspended", "Synced, but something in it is suspended")
end
if health == "Degraded" then
  return verdict("Degraded", "Synced, but something in it is degraded")
end
return waiting("what was synced to become healthy", health)
