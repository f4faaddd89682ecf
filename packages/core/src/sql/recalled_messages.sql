-- Returns messages below `below_seq` of the branch that ends with `leaf` (null: the head) by their numbers, with as many
-- as `reach` before and behind each, in order; none when the conversation is not the owner's.
create function recalled_messages(
  owner uuid,
  conversation text,
  leaf bigint,
  below_seq bigint,
  seqs bigint[],
  reach integer
) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  r record;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  select * into r from branch_ranges(owner, conversation, leaf, below_seq);
  -- A variable: inside the query the planner does not know its cost and reads the whole conversation.
  seqs := array(
    select distinct n.place - r.places[b.range] + r.firsts[b.range]
    from unnest(seqs) s (seq)
    cross join lateral width_bucket(s.seq, r.firsts) a (range)
    cross join lateral generate_series(-reach, reach) d (distance)
    cross join lateral (select r.places[a.range] + s.seq - r.firsts[a.range] + d.distance as place) n
    cross join lateral width_bucket(n.place, r.places) b (range)
    where s.seq <= r.lasts[a.range] and n.place - r.places[b.range] + r.firsts[b.range] <= r.lasts[b.range]
  );
  return (
    select coalesce(json_agg(placed_message(owner, conversation, m.seq) order by m.seq), '[]') from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq = any (seqs) and m.seq > c.cleared_seq
  );
end
$$;
