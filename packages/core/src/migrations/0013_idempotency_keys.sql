--! breaking
-- The field's word. Nodes of an older release refuse OpenAI's POSTs without a key until they are replaced.
alter table sendings rename to idempotency_keys;
alter table idempotency_keys rename constraint sendings_pkey to idempotency_keys_pkey;
alter table idempotency_keys rename constraint sendings_owner_id_fkey to idempotency_keys_owner_id_fkey;
alter table idempotency_keys rename constraint sendings_digest to idempotency_keys_digest;
alter index sendings_sent rename to idempotency_keys_sent;
