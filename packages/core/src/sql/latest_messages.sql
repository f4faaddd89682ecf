-- Returns the latest messages below a number of the branch that ends with `leaf`, without the newest `skipped` of them,
-- in no order, up to `most_bytes` of parts plus one message; the id of the first one's parent; and their versions as
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
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
  c conversations;
  wanted bigint := skipped + page_limit + 1;
  -- The numbers of the messages, the latest first, and of the parent of the first.
  seqs bigint[];
  kept bigint := page_limit;
  -- Whether these are consecutive.
  is_straight boolean;
  is_small boolean;
  is_cut boolean := false;
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
  is_straight := seqs[1] - seqs[cardinality(seqs)] + 1 = cardinality(seqs);
  loop
    select coalesce(json_agg(page.message) filter (where page.is_small or is_cut), '[]'), coalesce(bool_and(page.is_small), true)
    into messages, is_small
    from (
      select
        m as message,
        case
          when pg_column_compression(m.parts) is null then pg_column_size(m.parts) else octet_length(m.parts::text)
        end < most_bytes / 105 as is_small
      from (
        -- Consecutive ones, as on a page without forks: grouping and filtering took 120 of 500 us.
        select seqs[cardinality(seqs)] as low, seqs[1] as high, null::bigint[] as seqs where is_straight
        union all
        select min(s.seq), max(s.seq), array_agg(s.seq) from unnest(seqs[:kept]) s (seq)
        where not is_straight group by s.seq / 128
      ) near
      -- Neighbours by one scan: it finds 100 rows in the time of 20 lookups. With "is true" the list is no condition of
      -- an index: without statistics, several lookups seem to cost more than to read the conversation.
      cross join lateral (
        select k.* from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq >= near.low and k.seq <= near.high
          and (near.seqs is null or k.seq = any (near.seqs)) is true
        order by k.seq desc
      ) m
      limit kept
    ) page;
    -- 100 small ones fit. Only if one is large, the bytes are added up: a running sum takes 70 us.
    exit when is_small or is_cut;
    select count(*) into kept from (
      select sum(m.bytes) over (order by s.place) - m.bytes as bytes_behind
      from unnest(seqs[:page_limit]) with ordinality s (seq, place)
      cross join lateral (
        select octet_length(k.parts::text) as bytes from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq >= s.seq and k.seq <= s.seq
        order by k.seq desc limit 1
      ) m
    ) sized
    where sized.bytes_behind < most_bytes;
    is_cut := true;
  end loop;
  kept := least(kept, cardinality(seqs));
  select m.id into parent_id from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.seq <= seqs[kept + 1]
  order by m.seq desc limit 1;
  if c.fork_count > 0 then
    forks := forks_of(owner, conversation, seqs[:kept] || coalesce(seqs[kept + 1], 0), c.deleted_count > 0);
  end if;
  return next;
end
$$;
