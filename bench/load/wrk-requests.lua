-- Requests of many users in turn, made once and sent again and again; every so-manieth carries the rule's header.
-- Arguments: path, name of the user header, first user number, users, name and value of the rule's header, every.
local requests, at = {}, 0

function init(args)
  local path, user_header, prefix, first, users = args[1], args[2], args[3], tonumber(args[4]), tonumber(args[5])
  local rule_header, rule_value, every = args[6], args[7], tonumber(args[8])
  for index = 1, users do
    local headers = {}
    for name, value in pairs(wrk.headers) do headers[name] = value end
    headers[user_header] = prefix .. (first + index - 1)
    if index % every == 0 then headers[rule_header] = rule_value end
    requests[index] = wrk.format("GET", path, headers)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "RESULT {\"requests\":%d,\"durationMicros\":%d,\"errors\":%d,\"p50Micros\":%d,\"p99Micros\":%d,\"p999Micros\":%d}\n",
    summary.requests, summary.duration, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
