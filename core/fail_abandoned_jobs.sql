-- Mark the running jobs of dead workers as failed, which the queue records as an event, and return them
UPDATE procrastinate_jobs AS job
SET status = 'failed'
WHERE job.status = 'doing'
  AND NOT EXISTS (
    SELECT FROM procrastinate_workers AS worker
    WHERE worker.id = job.worker_id AND worker.last_heartbeat > now() - make_interval(secs => %(silence)s)
  )
RETURNING job.id, job.task_name
