-- Writes a durable scheduler entry if the stored one has the revision before.
-- KEYS 1 all durable entries   ARGV 1 id  2 entry as JSON  3 its revision  4 channel of changes
-- Returns 1 when it was written, 0 when the stored one has another revision
local entries = KEYS[1]
local id, entry, revision, channel = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local stored = redis.call('HGET', entries, id)
local before = 0
if stored then
  -- An entry that can't be read has no revision. Writing it anew repairs it.
  local ok, found = pcall(cjson.decode, stored)
  before = ok and type(found) == 'table' and tonumber(found.revision) or 0
end
if before ~= revision - 1 then return 0 end
redis.call('HSET', entries, id, entry)
-- Schedulers also look by themselves.
redis.pcall('PUBLISH', channel, '')
return 1
