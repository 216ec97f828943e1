-- Who paused a queue, and why.

ALTER TABLE queues ADD COLUMN paused_by TEXT;
ALTER TABLE queues ADD COLUMN pause_reason TEXT;
