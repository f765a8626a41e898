-- Queue those of the failed jobs again that have failed less often than the limit, and return them.
-- Only the death of a worker is counted: a retry after an exception records no event 'failed'
UPDATE procrastinate_jobs AS job
SET status = 'todo'
WHERE job.id = ANY(%(jobs)s)
  AND NOT job.abort_requested
  AND %(limit)s > (SELECT count(*) FROM procrastinate_events AS event WHERE event.job_id = job.id AND event.type = 'failed')
RETURNING job.id
