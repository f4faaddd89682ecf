-- The latest messages of a conversation that nobody can find yet, and the number below which the next ones are
-- (0: none). An answer that is being written is left out: it is made findable when it is settled.
create function unindexed_messages(owner uuid, conversation text, page_limit integer)
returns table (messages json, next_below bigint)
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
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
    from unindexed_conversations u
    join conversations c on c.owner_id = owner and c.id = conversation
    join messages m on m.owner_id = owner and m.conversation_id = conversation
      and m.seq < u.below_seq and m.seq > c.cleared_seq
    where u.owner_id = owner and u.conversation_id = conversation
    order by m.seq desc limit page_limit
  ) page;
end
$$;
