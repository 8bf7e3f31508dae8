-- Transfers from each customer to the next, every one with a key of its own.
-- Arguments: the path, the file of sessions and accounts, a name for the keys.

local heads, tails, count, number = {}, {}, 0, 0

function init(arguments)
  local path, file, name = arguments[1], arguments[2], arguments[3]
  local sessions, accounts = {}, {}
  for line in io.lines(file) do
    local session, account = line:match("(%S+) (%S+)")
    count = count + 1
    sessions[count], accounts[count] = session, account
  end
  for at = 1, count do
    local body = string.format('{"from":"%s","to":"%s","amount":"0.01"}',
      accounts[at], accounts[at % count + 1])
    heads[at] = string.format(
      "POST %s HTTP/1.1\r\nHost: bank\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nIdempotency-Key: wrk-%s-",
      path, sessions[at], #body, name)
    tails[at] = "\r\n\r\n" .. body
  end
end

function request()
  number = number + 1
  local at = number % count + 1
  return heads[at] .. number .. tails[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("played %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
