-- Finds the words of a question in the messages of a branch, which consists of the ranges from `firsts` to `lasts` (see
-- branch_ranges). Returns for each of `terms` (words as `search/words.ts` cuts them) its weight, for a common word
-- estimated from the latest messages, and for a rare word all messages that hold it, as three lists: their places on the
-- branch, their sizes, and 100,000 times their ts_rank for that word, which tells how often they hold it. Takes the
-- rarest words first, up to about `most` messages: common words tell little and would fetch half the branch. `first` and
-- `last` are the places of the branch's first and last message, `leaf` is the number of the last.
-- Null when the conversation is not the owner's.
-- Runs as the engine, because row-level security keeps "@@" from the index. So it returns numbers, never text, and only to
-- recall_words, which checks the owner first.
create function match_terms(
  owner uuid,
  conversation text,
  firsts bigint[],
  lasts bigint[],
  places bigint[],
  terms text[],
  most integer
) returns json
language plpgsql security definer set search_path from current set plan_cache_mode = force_custom_plan
set enable_sort = off as $$
#variable_conflict use_variable
declare
  -- Tells a word of every tenth message from one of every hundredth; reading it takes 2 ms.
  sample_size constant integer := 400;
  cleared bigint;
  first_place bigint;
  last_place bigint;
  total bigint;
  queries tsquery[];
  sampled bigint;
  words_sampled bigint;
  counts bigint[];
  weights double precision[];
  query tsquery;
  postings json[] := array_fill(null::json, array[cardinality(terms)]);
  posting json;
  held bigint;
  left_over bigint := most;
  taken integer := 0;
  n record;
begin
  perform set_config('chatkeep.engine', 'on', true);
  select c.cleared_seq into cleared from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  if not found then
    perform set_config('chatkeep.engine', 'off', true);
    return null;
  end if;
  first_place := greatest(firsts[1], cleared + 1);
  last_place := places[cardinality(places)] + lasts[cardinality(lasts)] - firsts[cardinality(firsts)];
  -- Where all messages were cleared or deleted, the last place is before the first.
  total := greatest(last_place - first_place + 1, 0);
  queries := array(
    select to_tsquery('message_words', g.term) from unnest(terms) with ordinality g (term, place) order by g.place
  );

  -- Without sorting, in the order of the key: else PostgreSQL reads a whole range of unknown length to sort it.
  with sample as materialized (
    select w.words, w.size
    from (select r.* from unnest(firsts, lasts) r (first_seq, last_seq) order by r.first_seq desc) b
    cross join lateral (
      select k.words, k.size from message_words k
      where k.owner_id = owner and k.conversation_id = conversation and k.seq > cleared
        and k.seq >= b.first_seq and k.seq <= b.last_seq
      order by k.seq desc limit sample_size
    ) w
    limit sample_size
  )
  select
    (select count(*) from sample), (select coalesce(sum(s.size), 0) from sample s),
    array(
      select (select count(*) from sample s where s.words @@ q.query)
      from unnest(queries) with ordinality q (query, place) order by q.place
    )
  into sampled, words_sampled, counts;
  weights := array(
    select term_weight(total, c.held * total / greatest(sampled, 1)::double precision)
    from unnest(counts) with ordinality c (held, place) order by c.place
  );

  for n in
    select c.place::integer as place, c.held, c.held * total / greatest(sampled, 1) as expected, queries[c.place] as query,
      (queries[c.place]::text || case when terms[c.place] ~ '^[a-z]{5,}$' then ':*' else '' end)::tsquery as longer
    from unnest(counts) with ordinality c (held, place) order by c.held, c.place
  loop
    exit when (taken > 0 and n.expected > left_over) or (total > most and 2 * n.held > sampled);
    query := n.query;
    loop
      select json_build_array(array_agg(f.place), array_agg(f.size), array_agg(f.rank)), count(*) into posting, held from (
        select
          w.seq - firsts[width_bucket(w.seq, firsts)] + places[width_bucket(w.seq, firsts)] as place, w.size,
          -- Of several forms of a word, ts_rank is the mean.
          (ts_rank(w.words, query) * (numnode(query) + 1) / 2 * 1e5)::integer as rank
        from message_words w
        where w.owner_id = owner and w.words @@ query
          and w.conversation_id = conversation and w.seq > cleared and w.seq <= lasts[width_bucket(w.seq, firsts)]
        limit 2 * most
      ) f;
      exit when held > 0 or query = n.longer;
      -- No message holds it, but one may hold a longer word: Wagnerian for Wagner.
      query := n.longer;
    end loop;
    postings[n.place] := case when held = 0 then '[[], [], []]' else posting end;
    weights[n.place] := term_weight(total, held);
    left_over := left_over - held;
    taken := taken + 1;
  end loop;
  perform set_config('chatkeep.engine', 'off', true);
  return json_build_object(
    'average', words_sampled / greatest(sampled, 1)::double precision, 'weights', weights, 'postings', postings,
    'first', first_place, 'last', last_place, 'leaf', lasts[cardinality(lasts)]
  );
end
$$;
