-- Returns a window of all branches of a conversation in order of arrival, oldest first: the latest messages below
-- `before_seq`, or the earliest above `after_seq`, each with its parent and its place among its versions. Up to 4 MiB
-- of parts plus one message.
create function page_tree(owner uuid, conversation text, before_seq bigint, after_seq bigint, page_limit integer)
returns table (total bigint, has_more boolean, messages json)
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
  c conversations;
  -- Variables, because "coalesce" is no index condition under row-level security.
  above bigint;
  below bigint;
  seqs bigint[];
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  above := greatest(coalesce(after_seq, 0), c.cleared_seq);
  below := coalesce(before_seq, c.last_seq + 1);
  if after_seq is null then
    select array_agg(w.seq) into seqs from (
      select m.seq, sum(octet_length(m.parts::text)) over (order by m.seq desc) - octet_length(m.parts::text) as bytes
      from (
        select k.seq, k.parts from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq > above and k.seq < below
        order by k.seq desc limit page_limit
      ) m
    ) w
    where w.bytes < 4194304;
  else
    select array_agg(w.seq) into seqs from (
      select m.seq, sum(octet_length(m.parts::text)) over (order by m.seq) - octet_length(m.parts::text) as bytes
      from (
        select k.seq, k.parts from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq > above and k.seq < below
        order by k.seq limit page_limit
      ) m
    ) w
    where w.bytes < 4194304;
  end if;
  below := (select min(s.seq) from unnest(seqs) s (seq));
  total := c.last_seq - c.cleared_seq - c.deleted_count;
  has_more := exists (
    select from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.cleared_seq and m.seq < below
  );
  messages := (
    select coalesce(json_agg(placed_message(owner, conversation, s.seq) order by s.seq), '[]') from unnest(seqs) s (seq)
  );
  return next;
end
$$;
