-- What wrk sends: the header lines of a file in turn, one for each call. Requests are made before the clock starts.
local requests, at = {}, 0

function init(args)
  for line in io.lines(args[2]) do
    local name, value = line:match("^([^:]+): (.*)$")
    requests[#requests + 1] = wrk.format("GET", args[1], { [name] = value })
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"calls": %d, "microseconds": %d, "refused": %d, "broken": %d, "timeouts": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
