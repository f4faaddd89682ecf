-- Returns the passages nearest to a vector, nearest first, as `search_passages` does. The score is the cosine similarity.
-- Null without vectors of this model.
create function near_passages(docs_name text, model text, vector text, only_path text, page_limit integer)
returns json
language plpgsql security definer set search_path from current set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_variable
declare
  number integer;
begin
  if to_regclass('passage_vectors') is null then
    return null;
  end if;
  select k.number into number from vector_model k where k.name = model;
  if not found then
    return null;
  end if;
  return (
    with near as materialized (
      select v.path, v.position from passage_vectors v
      where v.docs = docs_name and v.model_number = number
        and length(v.code) = vector_dims(vector::halfvec) and (only_path is null or v.path = only_path)
      order by v.code <~> binary_quantize(vector::halfvec) limit 10 * page_limit
    ), nearest as (
      select n.path, n.position, 1 - (v.embedding <=> vector::halfvec) as similarity
      from near n join passage_vectors v on v.docs = docs_name and v.path = n.path and v.position = n.position
      order by similarity desc limit page_limit
    )
    select coalesce(json_agg(json_build_object(
      'path', n.path, 'title', c.title, 'position', n.position, 'section', p.section, 'anchor', p.anchor,
      'text', p.text, 'score', round(n.similarity::numeric, 4)
    ) order by n.similarity desc, n.path, n.position), '[]')
    from nearest n
    join documents c on c.docs = docs_name and c.path = n.path
    join passages p on p.docs = docs_name and p.path = n.path and p.position = n.position
  );
end
$$;
