-- What a claim may take from a queue by its policy, as the store keeps it. A new kind of policy answers here.

-- Why nothing may be taken now, or nil, and whether the next task alone may be. `expected` is the policy that the claimer's
-- queue was declared with; empty where it was not.
local function closedBy(stored, expected)
  local name = stored == '' and 'open' or stored
  if expected ~= '' and name ~= expected then return 'policy ' .. name end
  if stored == '' then return nil, false end
  local isStrict = stored == 'ordered:strict'
  -- One that a later version made is not ignored: who knows what it promises.
  if not isStrict and stored ~= 'ordered:loose' then return 'policy ' .. stored end
  if redis.call('LLEN', active) > 0 or redis.call('ZCARD', lease) > 0 then return 'held' end
  if isStrict and redis.call('ZCARD', retry) > 0 then return 'held' end
  return nil, true
end
