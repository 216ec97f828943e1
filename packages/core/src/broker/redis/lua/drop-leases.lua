-- Drops ids without a body from the active tasks: only their entries exist.
-- KEYS 1 active  2 lease   ARGV 1 prefix of task keys  2.. ids   Returns how many ids there were
local active, lease = KEYS[1], KEYS[2]
--- @include "able"
--- @include "lease"
mustBeLists(active)
mustBeSortedSets(lease)
mustBeAble(ARGV[1], 'ZREM', 'LREM')
for index = 2, #ARGV do endLease(ARGV[index]) end
return #ARGV - 1
