-- Returns the messages of an owner nearest to a vector, nearest first, with their conversations and cosine similarity, of
-- conversations that are not deleted. The arguments that are not null narrow it, as in match_messages; in a conversation
-- also to the branch that ends with `leaf` (0: the head). Chooses ten times as many by their codes and compares these in full. Null without
-- vectors of this model.
create function near_messages(
  owner uuid,
  model text,
  vector text,
  only_conversation text,
  only_scope text,
  only_role text,
  since timestamp with time zone,
  until timestamp with time zone,
  leaf bigint,
  below_seq bigint,
  page_limit integer
) returns json
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_custom_plan
set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  number integer;
  -- The ranges of the branch; null: all messages.
  firsts bigint[];
  lasts bigint[];
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if to_regclass('message_vectors') is null then
    return null;
  end if;
  select k.number into number from vector_model k where k.name = model;
  if not found then
    return null;
  end if;
  if leaf is not null then
    select b.firsts, b.lasts into firsts, lasts
    from branch_ranges(owner, only_conversation, nullif(leaf, 0), below_seq) b;
  end if;
  return (
    with near as materialized (
      select v.conversation_id, v.seq, c.title, c.scope, c.scope_label
      from message_vectors v
      join conversations c on c.owner_id = owner and c.id = v.conversation_id
        and c.deleted_at is null and (c.expires_at is null or leaf is not null) and v.seq > c.cleared_seq and (only_scope is null or c.scope = only_scope)
      where v.owner_id = owner and v.model_number = number
        and length(v.code) = vector_dims(vector::halfvec) and v.seq < below_seq
        and (only_conversation is null or v.conversation_id = only_conversation)
        -- Before the nearest are chosen, because other branches may hold nearer ones than all of this.
        and (firsts is null or v.seq <= lasts[width_bucket(v.seq, firsts)])
        and (only_role is null and since is null and until is null or exists (
          select from messages m
          where m.owner_id = owner and m.conversation_id = v.conversation_id and m.seq = v.seq
            and (only_role is null or m.role = only_role)
            and (since is null or m.created_at >= since) and (until is null or m.created_at < until)
          offset 0
        ))
      order by v.code <~> binary_quantize(vector::halfvec) limit 10 * page_limit
    ), nearest as (
      select n.*, 1 - (v.embedding <=> vector::halfvec) as similarity
      from near n
      -- One lookup by key for each; a join would hash them all.
      cross join lateral (
        select k.embedding from message_vectors k
        where k.owner_id = owner and k.conversation_id = n.conversation_id and k.seq = n.seq limit 1
      ) v
      order by similarity desc limit page_limit
    )
    select coalesce(json_agg(json_build_object(
      'conversation', n.conversation_id, 'seq', n.seq, 'title', n.title, 'scope', n.scope, 'scope_label', n.scope_label,
      'score', round(n.similarity::numeric, 5), 'places', '[]'::json
    ) order by n.similarity desc), '[]')
    from nearest n
  );
end
$$;
