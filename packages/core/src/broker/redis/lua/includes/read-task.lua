-- One task whole: message (false where there is none), state, pending since, result, exact times, attempts, lease value,
-- lease end, score in the container of its state, exact due moment in ms, and what lies under its key: 0 nothing, 1 a
-- task, 2 something else; how often its worker was lost.
--- @include "able"
local function readTask(taskKey, containerPrefix, leaseKey, dueKey, id)
  local found = read('HMGET', taskKey, 'msg', 'state', 'pending_since', 'result', 'hk:exact', 'hk:attempts', 'hk:lease', 'hk:lost')
  if not found then return { false, false, false, false, false, false, false, false, false, false, 2 } end
  local state, lost = found[2], found[8]
  local waits = state == 'scheduled' or state == 'retry'
  local scored = waits or state == 'archived' or state == 'completed'
  found[8] = state == 'active' and redis.call('ZSCORE', leaseKey, id)
  found[9] = scored and redis.call('ZSCORE', containerPrefix .. state, id)
  found[10] = waits and redis.call('ZSCORE', dueKey, id)
  found[12] = lost
  found[11] = (found[1] or redis.call('EXISTS', taskKey) == 1) and 1 or 0
  return found
end
