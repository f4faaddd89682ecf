-- Returns the numbers of the messages at places of the branch that ends with `leaf` (null: the head), in the given
-- order; null where the branch has no such place. See branch_ranges.
create function branch_seqs(owner uuid, conversation text, leaf bigint, places bigint[]) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  r record;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into r from branch_ranges(owner, conversation, leaf, 9223372036854775807);
  return (
    select coalesce(json_agg(case when s.seq <= r.lasts[s.range] then s.seq end order by s.n), '[]')
    from (
      select g.n, b.range, g.place - r.places[b.range] + r.firsts[b.range] as seq
      from unnest(places) with ordinality g (place, n) cross join lateral width_bucket(g.place, r.places) b (range)
    ) s
  );
end
$$;
