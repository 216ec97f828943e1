-- Pauses a queue, and notes who did.
-- KEYS 1 pause flag  2 note
-- ARGV 1 now (unix seconds)  2 the note, or empty
-- Returns 1, or 0 when it was paused before
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
-- The note first: alone it says nothing, and a pause must not be answered with an error.
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2]) else redis.call('DEL', KEYS[2]) end
redis.call('SET', KEYS[1], ARGV[1])
return 1
