-- Writes what a server says of itself and of its busy workers.
-- KEYS 1 server  2 its workers  3 its details   ARGV 1 life in s  2 server  3 details or empty  4.. task id, worker, for each
local server, workers, details = KEYS[1], KEYS[2], KEYS[3]
local life = ARGV[1]
redis.call('SET', server, ARGV[2], 'EX', life)
if ARGV[3] ~= '' then redis.call('SET', details, ARGV[3], 'EX', life) end
redis.call('DEL', workers)
for index = 4, #ARGV, 2 do redis.call('HSET', workers, ARGV[index], ARGV[index + 1]) end
redis.call('EXPIRE', workers, life)
return 1
