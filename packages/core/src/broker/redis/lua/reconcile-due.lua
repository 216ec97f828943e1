-- Drops exact moments of tasks that do not wait for them any more. The moment of a waiting task that no list names is kept:
-- only the moment tells when to run it.
-- KEYS 1 exact due moments  2 scheduled  3 retry   ARGV 1 prefix of task keys  2 repair (0 or 1)  3.. ids
-- Returns those ids
local due, scheduled, retry = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, repair = ARGV[1], ARGV[2] == '1'
--- @include "able"
local stray = {}
if repair then mustBeAble(due, 'ZSCORE', 'HGET', 'ZREM') end
for index = 3, #ARGV do
  local id = ARGV[index]
  local moment = redis.call('ZSCORE', due, id)
  local waits = redis.call('ZSCORE', scheduled, id) or redis.call('ZSCORE', retry, id)
  local state = not waits and read('HGET', taskPrefix .. id, 'state')
  local isLost = state == 'scheduled' or state == 'retry'
  if moment and not isLost and tonumber(waits or -1) ~= math.ceil(tonumber(moment) / 1000) then
    if repair then redis.call('ZREM', due, id) end
    stray[#stray + 1] = id
  end
end
return stray
