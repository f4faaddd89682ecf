-- Returns the latest messages below a number as a context takes them, up to 16 MiB of parts plus one message: less than
-- what the providers of models accept in one request. `leaf` names the branch in a conversation with forks, else it is
-- null; then they are in no order, and the message before the first is one more than `context_limit`, as in
-- page_messages. The caller has set the owner.
create function context_messages(
  owner uuid,
  conversation text,
  leaf bigint,
  cleared bigint,
  below_seq bigint,
  context_limit integer
) returns json
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
  recent json;
begin
  if leaf is null then
    select json_build_object('parent_id', null, 'messages', coalesce(json_agg(r.message), '[]'), 'forks', null) into recent
    from (
      select
        m as message,
        case
          when pg_column_compression(m.parts) is null then pg_column_size(m.parts) else octet_length(m.parts::text)
        end < 160000 as is_small
      from (
        select
          k.seq, k.id, k.turn_id, k.role, k.status, k.parts, k.context_text, k.intent, k.processed, k.model, k.usage,
          k.error, k.metadata, k.feedback, k.created_at, k.updated_at
        from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq > cleared and k.seq < below_seq
        order by k.seq desc
        limit context_limit + 1
      ) m
    ) r
    having coalesce(bool_and(r.is_small), true);
    if recent is not null then
      return recent;
    end if;
  end if;
  return (
    select to_json(p) from latest_messages(
      owner, conversation, coalesce(leaf, below_seq - 1), below_seq, 0, context_limit, 16777216
    ) p
  );
end
$$;
