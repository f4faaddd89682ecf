-- Returns a window of a branch in no order: the latest messages below `before_seq` (or below the newest `page_offset`),
-- or the earliest above `after_seq`. The branch ends with the message `leaf`, or with the head. Up to 4 MiB of parts
-- plus one message, so that any page fits in memory. Costs the same at any length. The message before the first is
-- told by `parent_id`, or as one message more than `page_limit`. Stable, so that all its statements see one state: a
-- message deleted between them made the page the first one. One plan for all calls: without knowing the limit,
-- PostgreSQL finds a generic plan expensive and would plan each call anew (0.48 ms instead of 0.25). Pages with a
-- message above 40 kB are read by latest_messages: a running sum of their bytes took 70 of 280 us, sorting the rows 45,
-- and looking up the message before 35.
create function page_messages(
  owner uuid,
  conversation text,
  leaf text,
  before_seq bigint,
  after_seq bigint,
  page_offset bigint,
  page_limit integer
) returns table (total bigint, parent_id text, running_turn uuid, messages json, forks json)
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  cleared bigint;
  has_deleted boolean;
  has_forks boolean;
  leaf_seq bigint;
  -- The page is between these.
  above_seq bigint;
  end_seq bigint;
  skipped bigint := page_offset;
  seqs bigint[];
  -- Whether these are consecutive.
  is_straight boolean;
begin
  select
    k.last_seq - k.cleared_seq - k.deleted_count - k.elsewhere_count, k.running_turn, k.cleared_seq, k.cleared_seq,
    k.deleted_count > 0, k.fork_count > 0, coalesce(k.head_seq, k.last_seq)
  into total, running_turn, cleared, above_seq, has_deleted, has_forks, leaf_seq
  from conversations k where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  if leaf is not null then
    select m.seq into leaf_seq from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.id = leaf and m.seq > cleared;
    if not found then
      raise exception 'message_not_found' using errcode = 'CK000';
    end if;
    total := branch_length(owner, conversation, leaf_seq);
  end if;
  if after_seq is not null then
    return query select total, p.parent_id, running_turn, p.messages, p.forks
    from earliest_messages(owner, conversation, leaf_seq, greatest(after_seq, cleared), leaf_seq + 1, page_limit) p;
    return;
  end if;
  if page_offset > 0 and not has_deleted then
    -- By arithmetic, so that skipped messages are not read.
    leaf_seq := ancestor_at(owner, conversation, leaf_seq, total - page_offset);
    skipped := 0;
  end if;
  end_seq := least(before_seq, leaf_seq + 1);

  if has_forks and not has_deleted then
    -- With the parent of the first; 0 is the beginning.
    seqs := array(
      select generate_series(b.last_seq, greatest(b.first_seq, cleared + 1), -1)
      from branch_of(owner, conversation, leaf_seq, cleared, end_seq, page_limit + 1) b
      limit page_limit + 1
    );
    above_seq := seqs[cardinality(seqs)] - 1;
    end_seq := seqs[1] + 1;
    is_straight := end_seq - above_seq - 1 = cardinality(seqs);
    seqs := seqs || case when cardinality(seqs) > page_limit then '{}' else '{0}'::bigint[] end;
  end if;

  if not has_forks or is_straight then
    return query
    select
      total, null::text, running_turn, page.messages,
      case when is_straight then forks_of(owner, conversation, seqs, false) end
    from (
      select
        coalesce(json_agg(recent.message) filter (where recent.is_small), '[]') as messages,
        coalesce(bool_and(recent.is_small), true) as is_small
      from (
        select
          m as message,
          case
            when pg_column_compression(m.parts) is null then pg_column_size(m.parts) else octet_length(m.parts::text)
          end < 40000 as is_small
        from (
          select
            k.seq, k.id, k.turn_id, k.role, k.status, k.parts, k.context_text, k.intent, k.processed, k.model, k.usage,
            k.error, k.metadata, k.feedback, k.created_at, k.updated_at
          from messages k
          where k.owner_id = owner and k.conversation_id = conversation and k.seq > above_seq and k.seq < end_seq
          order by k.seq desc limit page_limit + 1 offset skipped
        ) m
      ) recent
    ) page
    where page.is_small;
    if found then
      return;
    end if;
  elsif not has_deleted then
    return query
    select total, null::text, running_turn, page.messages, forks_of(owner, conversation, seqs, false)
    from (
      select
        coalesce(json_agg(recent.message) filter (where recent.is_small), '[]') as messages,
        coalesce(bool_and(recent.is_small), true) as is_small
      from (
        select
          m as message,
          case
            when pg_column_compression(m.parts) is null then pg_column_size(m.parts) else octet_length(m.parts::text)
          end < 40000 as is_small
        from (
          select min(s.seq) as low, max(s.seq) as high, array_agg(s.seq) as seqs
          from unnest(seqs) s (seq) where s.seq > 0 group by s.seq / 128
        ) near
        -- Neighbours by one scan: it finds 100 rows in the time of 20 lookups. With "is true" the list is no condition of
        -- an index: without statistics, several lookups seem to cost more than to read the conversation.
        cross join lateral (
          select k.* from messages k
          where k.owner_id = owner and k.conversation_id = conversation and k.seq >= near.low and k.seq <= near.high
            and (k.seq = any (near.seqs)) is true
          order by k.seq desc
        ) m
      ) recent
    ) page
    where page.is_small;
    if found then
      return;
    end if;
  end if;
  return query select total, p.parent_id, running_turn, p.messages, p.forks
  from latest_messages(owner, conversation, leaf_seq, end_seq, skipped, page_limit, 4194304) p;
end
$$;
