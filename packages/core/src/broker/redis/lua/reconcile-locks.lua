-- Finds uniqueness locks whose owner does not own them, and frees them.
-- KEYS locks   ARGV 1 prefix of task keys  2 repair (0 or 1)
-- Returns for each such lock: position (from 0), the owner's id, and why: gone, completed or other
local taskPrefix, repair = ARGV[1], ARGV[2] == '1'
--- @include "lock"
--- @include "able"
local found = {}
if repair and KEYS[1] then mustBeAble(KEYS[1], 'GET', 'HMGET', 'DEL') end
for index, lock in ipairs(KEYS) do
  local owner = redis.pcall('GET', lock)
  if type(owner) == 'string' then
    local task = read('HMGET', taskPrefix .. owner, 'unique_key', 'msg', 'state')
    local why
    if task then
      if not task[2] then
        why = 'gone'
      elseif task[3] == 'completed' then
        why = 'completed'
      elseif lockOf(task[1], task[2]) ~= lock then
        why = 'other'
      end
    end
    if why then
      if repair then redis.call('DEL', lock) end
      local size = #found
      found[size + 1], found[size + 2], found[size + 3] = index - 1, owner, why
    end
  end
end
return found
