-- Replays recorded requests for benchmarks/servers/load.py, which writes the file that BENCH_REPLAY names.
-- A thread that has one connection can send the entity tag of its last response: @ETAG@. @NUMBER@ and @KEY@ are new each time.

local replay = dofile(os.getenv("BENCH_REPLAY"))
local threads = 0
local sent = 0
local etag

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  etag = replay.etags[number + 1]
end

local function filled(text)
  local unique = string.format("%02d%06d", number, sent)
  text = text:gsub("@NUMBER@", unique)
  text = text:gsub("@KEY@", replay.prefix .. unique)
  return (text:gsub("@ETAG@", etag or ""))
end

function request()
  sent = sent + 1
  if replay.is_template then
    local place = replay.own and number % #replay.requests or sent % #replay.requests
    return filled(replay.requests[place + 1])
  end
  return replay.requests[sent % #replay.requests + 1]
end

if replay.own then
  function response(status, headers, body)
    etag = headers["etag"] or headers["ETag"] or headers["Etag"] or etag
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50": %.6f, "p99": %.6f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
