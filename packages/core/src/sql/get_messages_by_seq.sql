-- Returns messages by their numbers, in the given order, without missing ones.
create function get_messages_by_seq(owner uuid, conversations text[], seqs bigint[]) returns json
language plpgsql stable security definer set search_path from current as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
begin
  return (
    select coalesce(json_agg(placed_message(owner, g.conversation, m.seq) order by g.place), '[]')
    from unnest(conversations, seqs) with ordinality g (conversation, seq, place)
    -- One lookup by key for each; a join would hash them all.
    cross join lateral (
      select k.cleared_seq from conversations k
      where k.owner_id = owner and k.id = g.conversation and k.deleted_at is null limit 1
    ) c
    cross join lateral (
      select k.* from messages k
      where k.owner_id = owner and k.conversation_id = g.conversation and k.seq = g.seq and k.seq > c.cleared_seq limit 1
    ) m
  );
end
$$;
