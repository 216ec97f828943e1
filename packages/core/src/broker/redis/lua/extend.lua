-- Moves the end of leases further out. Leases that the caller does not hold any more stay as they are.
-- KEYS 1 lease
-- ARGV 1 prefix of task keys  2 new end in s  3.. id, token, for each
-- Returns positions (from 0) of the leases that were lost
local lease = KEYS[1]
local taskPrefix, newEnd = ARGV[1], ARGV[2]
local lost = {}
--- @include "holders"
--- @include "lease"
beginWithoutMemory()
for index = 3, #ARGV, 2 do
  local id, token = ARGV[index], ARGV[index + 1]
  local key = taskPrefix .. id
  local ends = endHeldBy(lease, key, id, token)
  if ends then
    local refusal = moveLease(key, id, token, ends, newEnd)
    if refusal then return refusal end
  else
    lost[#lost + 1] = (index - 3) / 2
  end
end
return lost
