-- One whole task, as a list:
--   1 message, false when there is none  2 state  3 pending since  4 result  5 exact times  6 attempts  7 lease value
--   8 lease end  9 score in the container of its state  10 exact due moment in ms
--   11 what lies under its key: 0 nothing, 1 a task, 2 something else  12 how often its worker was lost  13 progress
--- @include "able"
local function readTask(taskKey, containerPrefix, leaseKey, dueKey, id)
  local found = read(
    'HMGET', taskKey, 'msg', 'state', 'pending_since', 'result', 'hk:exact', 'hk:attempts', 'hk:lease', 'hk:lost', 'hk:progress'
  )
  if not found then return { false, false, false, false, false, false, false, false, false, false, 2 } end
  local state, lost, progress = found[2], found[8], found[9]
  local waits = state == 'scheduled' or state == 'retry'
  local scored = waits or state == 'archived' or state == 'completed'
  found[8] = state == 'active' and redis.call('ZSCORE', leaseKey, id)
  found[9] = scored and redis.call('ZSCORE', containerPrefix .. state, id)
  found[10] = waits and redis.call('ZSCORE', dueKey, id)
  found[12], found[13] = lost, progress
  found[11] = (found[1] or redis.call('EXISTS', taskKey) == 1) and 1 or 0
  return found
end
