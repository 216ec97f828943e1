-- Writes new tasks of one queue, each one whole or not at all.
-- KEYS 1 pending  2 scheduled  3 retry  4 groups  5 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ns  4 now in s  5 queue  6 channel for "due sooner"
--      7 items, MessagePack: for each id, message, flags and then, by flag,
--        1 scheduled: score in s, exact moment in ms    2 group: its name
--        4 unique: lock key, its life in s              8 exact times of the message
-- Returns what was not accepted: position (from 0), then 0 for a taken id, 1 where something else lies in the lock's place,
--   2 in the group's, or the id of the lock's owner
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowNs, nowSec, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local items = cmsgpack.unpack(ARGV[7])
--- @include "enqueue-items"
decideItems()
putItems()
return refused
