-- Announces a server and its busy workers.
-- KEYS 1 server  2 its workers  3 its details
-- ARGV 1 life in s  2 life of the details in s  3 server  4 details or empty  5.. task id, worker, for each
local server, workers, details = KEYS[1], KEYS[2], KEYS[3]
local life = ARGV[1]
--- @include "able"
mustBeAble(workers, 'DEL', 'HSET', 'EXPIRE', 'SET')
redis.call('SET', server, ARGV[3], 'EX', life)
if ARGV[4] ~= '' then redis.call('SET', details, ARGV[4], 'EX', ARGV[2]) end
redis.call('DEL', workers)
for index = 5, #ARGV, 2 do redis.call('HSET', workers, ARGV[index], ARGV[index + 1]) end
redis.call('EXPIRE', workers, life)
return 1
