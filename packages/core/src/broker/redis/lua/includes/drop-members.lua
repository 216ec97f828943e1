--- @include "able"
--- @include "lock"
-- Removes the first tasks of a set, with their bodies and locks.
local function dropMembers(set, taskPrefix, lockPrefix, most)
  local ids = redis.call('ZRANGE', set, 0, most - 1)
  for _, id in ipairs(ids) do
    local key = taskPrefix .. id
    local found = read('HMGET', key, 'unique_key', 'msg')
    if found then
      release(lockOf(found[1], found[2]), lockPrefix, id)
      redis.call('DEL', key)
    end
  end
  if #ids > 0 then redis.call('ZREMRANGEBYRANK', set, 0, #ids - 1) end
end
