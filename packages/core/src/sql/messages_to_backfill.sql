-- Returns the latest messages of a conversation that are not indexed, and the number below which the next ones are (0:
-- none). Omits an answer in progress, which is indexed when it is settled.
create function messages_to_backfill(owner uuid, conversation text, page_limit integer)
returns table (messages json, next_below bigint)
language plpgsql security definer set search_path from current as $$
declare
  lower_seq bigint;
  upper_seq bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  -- Variables, because a bound from a join is no index condition, and a page would read the whole conversation.
  select c.cleared_seq, u.below_seq into lower_seq, upper_seq
  from unindexed_conversations u join conversations c on c.owner_id = u.owner_id and c.id = u.conversation_id
  where u.owner_id = owner and u.conversation_id = conversation;
  return query
  select
    coalesce(json_agg(json_build_object('seq', page.seq, 'parts', page.parts) order by page.seq) filter (
      where page.status <> 'streaming' and not exists (
        select from message_words w
        where w.owner_id = owner and w.conversation_id = conversation and w.seq = page.seq
      )
    ), '[]'),
    case when count(*) < page_limit then 0 else min(page.seq) end
  from (
    select m.seq, m.parts, m.status
    from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq > lower_seq and m.seq < upper_seq
    order by m.seq desc limit page_limit
  ) page;
end
$$;
