-- Removes a task of a set with its body and its lock, as far as that is the task's own.
local function dropMember(set, taskPrefix, id, lock)
  if redis.call('ZREM', set, id) == 0 then return 0 end
  local key = taskPrefix .. id
  for _, scope in ipairs({ lock, redis.call('HGET', key, 'unique_key') or '' }) do
    if scope ~= '' and redis.call('GET', scope) == id then redis.call('DEL', scope) end
  end
  redis.call('DEL', key)
  return 1
end
