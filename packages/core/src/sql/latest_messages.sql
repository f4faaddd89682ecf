-- Returns the latest messages below a number of the branch that ends with `leaf`, without the newest `skipped` of them,
-- oldest first, up to `most_bytes` of parts plus one message; the id of the first one's parent; and their versions as
-- forks_of does. The caller has set the owner. One plan for all calls, as in page_messages.
create function latest_messages(
  owner uuid,
  conversation text,
  leaf bigint,
  below_seq bigint,
  skipped bigint,
  page_limit integer,
  most_bytes bigint
) returns table (parent_id text, messages json, forks json)
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
  c conversations;
  wanted bigint := skipped + page_limit + 1;
  -- The numbers of the messages, the latest first, and of the parent of the first.
  seqs bigint[];
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  if c.deleted_count = 0 then
    seqs := array(
      select generate_series(b.last_seq, greatest(b.first_seq, c.cleared_seq + 1), -1)
      from branch_of(owner, conversation, leaf, c.cleared_seq, below_seq, wanted) b
      limit page_limit + 1 offset skipped
    );
  else
    loop
      seqs := array(
        select k.seq from branch_of(owner, conversation, leaf, c.cleared_seq, below_seq, wanted) b
        cross join lateral (
          select m.seq from messages m
          where m.owner_id = owner and m.conversation_id = conversation and m.seq >= b.first_seq and m.seq <= b.last_seq
            and m.seq > c.cleared_seq
          order by m.seq desc
        ) k
        limit page_limit + 1 offset skipped
      );
      -- The numbers of deleted messages hold none.
      exit when cardinality(seqs) > page_limit or wanted > leaf;
      wanted := 64 * wanted;
    end loop;
  end if;
  return query
  select
    (
      select m.id from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq <= seqs[page.number + 1]
      order by m.seq desc limit 1
    ),
    page.messages,
    case when c.fork_count > 0 then
      forks_of(owner, conversation, seqs[:page.number] || coalesce(seqs[page.number + 1], 0), c.deleted_count > 0)
    end
  from (
    select coalesce(json_agg(sized.m order by sized.seq), '[]') as messages, count(*) as number
    from (
      select
        m, m.seq, sum(octet_length(m.parts::text)) over (order by m.seq desc) - octet_length(m.parts::text) as bytes_behind
      from (
        select min(s.seq) as low, max(s.seq) as high, array_agg(s.seq) as seqs
        from unnest(seqs[:page_limit]) s (seq) group by s.seq / 128
      ) near
      -- Neighbours by one scan: it finds 100 rows in the time of 20 lookups. With "is true" the list is no condition of
      -- an index: without statistics, several lookups seem to cost more than to read the conversation.
      cross join lateral (
        select k.* from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq >= near.low and k.seq <= near.high
          and (k.seq = any (near.seqs)) is true
        order by k.seq desc
      ) m
    ) sized
    where sized.bytes_behind < most_bytes
  ) page;
end
$$;
