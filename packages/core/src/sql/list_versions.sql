-- Returns the versions of a message, this one included, in order of arrival.
create function list_versions(owner uuid, conversation text, message_id text) returns json
language plpgsql stable security definer set search_path from current as $$
declare
  wanted bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select m.seq into wanted from messages m, conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null
    and m.owner_id = owner and m.conversation_id = conversation and m.id = message_id and m.seq > c.cleared_seq;
  if not found then
    perform get_message(owner, conversation, message_id);
  end if;
  return (
    select json_agg(m order by m.seq)
    from unnest(versions_of(
      owner, conversation, coalesce((select p.parent_seq from parent_of(owner, conversation, wanted) p), 0)
    )) v (seq)
    cross join lateral (
      select k.id, k.seq, k.role, k.parts, k.created_at from messages k
      where k.owner_id = owner and k.conversation_id = conversation and k.seq = v.seq
    ) m
  );
end
$$;
