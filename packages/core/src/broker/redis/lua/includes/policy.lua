-- What a claim may take from a queue by its policy, which the store keeps. A new kind of policy answers here.

-- Returns why nothing may be taken now, or nil, and whether only the next task may be taken. `expected` is the policy that the
-- claimer declared the queue with, or empty.
local function closedBy(stored, expected)
  local name = stored == '' and 'open' or stored
  if expected ~= '' and name ~= expected then return 'policy ' .. name end
  if stored == '' then return nil, false end
  local isStrict = stored == 'ordered:strict'
  -- A policy of a later version is not ignored: nobody here knows what it promises.
  if not isStrict and stored ~= 'ordered:loose' then return 'policy ' .. stored end
  if redis.call('LLEN', active) > 0 or redis.call('ZCARD', lease) > 0 then return 'held' end
  if isStrict and redis.call('ZCARD', retry) > 0 then return 'held' end
  return nil, true
end
