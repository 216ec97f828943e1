-- Frees those locks whose owner does not exist.
-- KEYS 1.. locks   ARGV 1 prefix of task keys   Returns how many were freed
--- @include "able"
local freed = 0
for _, lock in ipairs(KEYS) do
  local owner = read('GET', lock)
  if owner == nil or (owner and redis.call('EXISTS', ARGV[1] .. owner) == 0) then
    freed = freed + redis.call('UNLINK', lock)
  end
end
return freed
