-- Claims passages to embed, as `claim_message_vectors` does messages, and returns them with their text: docs belong to no
-- owner.
create function claim_passage_vectors(number integer, lease interval, page_limit integer)
returns table (claimed json, wait_ms bigint)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  -- A variable, as in claim_message_vectors.
  moment timestamptz := clock_timestamp();
begin
  claimed := '[]';
  if to_regclass('passage_vectors') is null then
    return next;
    return;
  end if;
  with due as (
    select v.docs, v.path, v.position from passage_vectors v
    where v.due_at <= moment and number = (select k.number from vector_model k)
    order by v.due_at limit page_limit for update skip locked
  ), taken as (
    update passage_vectors v set due_at = clock_timestamp() + lease from due d
    where v.docs = d.docs and v.path = d.path and v.position = d.position
    returning v.docs, v.path, v.position
  )
  select coalesce(json_agg(json_build_object(
    'docs', t.docs, 'path', t.path, 'position', t.position, 'text', concat_ws(E'\n', p.context, p.section, p.text)
  )), '[]') into claimed
  from taken t join passages p on p.docs = t.docs and p.path = t.path and p.position = t.position;
  wait_ms := case when json_array_length(claimed) > 0 then 0 else (
    select greatest(0, ceil(extract(epoch from min(v.due_at) - clock_timestamp()) * 1000)) from passage_vectors v
    where v.due_at is not null and number = (select k.number from vector_model k)
    having min(v.due_at) is not null
  ) end;
  return next;
end
$$;
