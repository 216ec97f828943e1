-- Reads tasks whole.
-- KEYS 1 lease  2 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of container keys  3.. ids
-- Returns for each id: message (false where there is no task), state, pending since, result, exact times, attempts,
--   lease value, lease end, score in the container of its state, exact due moment in ms
local result = {}
for index = 3, #ARGV do
  local id = ARGV[index]
  local found = redis.call('HMGET', ARGV[1] .. id, 'msg', 'state', 'pending_since', 'result', 'hk:exact', 'hk:attempts', 'hk:lease')
  local state, score = found[2], false
  if state == 'scheduled' or state == 'retry' or state == 'archived' or state == 'completed' then
    score = redis.call('ZSCORE', ARGV[2] .. state, id)
  end
  found[8] = state == 'active' and redis.call('ZSCORE', KEYS[1], id) or false
  found[9] = score
  found[10] = (state == 'scheduled' or state == 'retry') and redis.call('ZSCORE', KEYS[2], id) or false
  result[#result + 1] = found
end
return result
