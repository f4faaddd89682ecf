-- Returns the latest messages below a number of the branch that ends with `leaf`, without the newest `skipped` of them,
-- oldest first, up to `most_bytes` of parts plus one message; the id of the first one's parent; and their versions as
-- forks_of does. The caller has set the owner. A branch is read as one range of the messages' key per segment. One plan
-- for all calls, as in page_messages.
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
  -- One more: the parent of the first.
  wanted bigint := skipped + page_limit + 1;
  found_count bigint;
  older_ids text[];
  -- The number of that parent and of the messages.
  seqs bigint[];
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  loop
    select
      coalesce(json_agg(page.m order by page.seq) filter (where page.is_kept), '[]'),
      array_agg((page.m).id order by page.seq) filter (where not page.is_kept),
      coalesce(max(page.seq) filter (where not page.is_kept), 0)
        || array_agg(page.seq order by page.seq) filter (where page.is_kept),
      count(*)
    into messages, older_ids, seqs, found_count
    from (
      select
        m, m.seq, row_number() over newest_first <= page_limit
          and sum(octet_length(m.parts::text)) over newest_first - octet_length(m.parts::text) < most_bytes as is_kept
      from (
        select k.* from branch_of(owner, conversation, leaf, c.cleared_seq, below_seq, wanted) b
        cross join lateral (
          select k.* from messages k
          where k.owner_id = owner and k.conversation_id = conversation and k.seq >= b.first_seq
            and k.seq <= b.last_seq and k.seq > c.cleared_seq
          order by k.seq desc
        ) k
        limit page_limit + 1 offset skipped
      ) m
      window newest_first as (order by m.seq desc)
    ) page;
    -- The numbers of deleted messages hold none.
    exit when c.deleted_count = 0 or found_count > page_limit or wanted > leaf;
    wanted := 64 * wanted;
  end loop;
  parent_id := older_ids[cardinality(older_ids)];
  if c.fork_count > 0 then
    forks := forks_of(owner, conversation, seqs, c.deleted_count > 0);
  end if;
  return next;
end
$$;
