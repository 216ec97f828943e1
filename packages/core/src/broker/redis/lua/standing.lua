-- Tells where a task stands among the others of its queue.
-- KEYS 1 pending  2 active  3 scheduled  4 retry  5 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 id or empty  4 most tasks of the line to count
-- Returns 1 how many are before it or false  2 the task that was claimed first of those that run, or false
--   3, 4 the first of retry and of scheduled: id, second, exact ms or false
--   5 its group: name, size, oldest and newest score in s, or nothing
local pending, active, scheduled, retry, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, id, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
--- @include "able"
local function firstOf(key)
  local first = read('ZRANGE', key, 0, 0, 'WITHSCORES')
  if not first or not first[1] then return {} end
  return { first[1], first[2], read('ZSCORE', due, first[1]) or false }
end
local found = id ~= '' and read('HMGET', taskPrefix .. id, 'state', 'group') or { false, false }
local ahead, group = false, {}
if found[1] == 'pending' then
  -- The line is taken from the right.
  local place = read('LPOS', pending, id, 'RANK', -1, 'MAXLEN', most)
  local length = read('LLEN', pending) or 0
  if place then ahead = length - 1 - place elseif length > most then ahead = most end
elseif found[1] == 'aggregating' and found[2] then
  local key = groupPrefix .. found[2]
  local oldest = read('ZSCORE', key, id) and read('ZRANGE', key, 0, 0, 'WITHSCORES')
  if oldest then
    group = { found[2], redis.call('ZCARD', key), oldest[2], redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] }
  end
end
local running = read('LINDEX', active, -1) or false
return { ahead, running, firstOf(retry), firstOf(scheduled), group }
