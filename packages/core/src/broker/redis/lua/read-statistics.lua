-- Reads the numbers of some periods of one queue.
-- KEYS the numbers of each period
-- ARGV 1 the type, or empty for all types together; absent: each type
-- Returns for each period a list of types and numbers, one after the other. Empty where there are none, or no hash.
local only, periods = ARGV[1], {}
for index, key in ipairs(KEYS) do
  local found = {}
  local names = only and { only } or redis.pcall('HKEYS', key)
  if names.err == nil and #names > 0 then
    local numbers = redis.pcall('HMGET', key, unpack(names))
    if numbers.err == nil then
      for at, name in ipairs(names) do
        if numbers[at] and (only or name ~= '') then
          found[#found + 1] = name
          found[#found + 1] = numbers[at]
        end
      end
    end
  end
  periods[index] = found
end
return periods
