-- Returns those of the numbers that are on the branch that ends with `leaf` (null: the head). The caller has set the
-- owner.
create function on_branch(owner uuid, conversation text, leaf bigint, seqs bigint[]) returns bigint[]
language plpgsql stable security definer set search_path from current as $$
declare
  c conversations;
  firsts bigint[];
  lasts bigint[];
begin
  if cardinality(seqs) = 0 then
    return seqs;
  end if;
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  select array_agg(b.first_seq order by b.first_seq), array_agg(b.last_seq order by b.first_seq) into firsts, lasts
  from branch_of(
    owner, conversation, coalesce(leaf, c.head_seq, c.last_seq), (select min(s) from unnest(seqs) s) - 1,
    (select max(s) from unnest(seqs) s) + 1, c.last_seq
  ) b;
  -- By binary search: comparing 400 numbers with 10,000 ranges takes seconds.
  return array(select s.seq from unnest(seqs) s (seq) where s.seq <= lasts[width_bucket(s.seq, firsts)]);
end
$$;
